"""Tests of counting, without Home Assistant."""
