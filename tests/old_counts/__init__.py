"""Tests of files with old counts, without Home Assistant."""
