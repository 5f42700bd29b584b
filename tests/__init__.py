"""Tests of AXIS People Counter for Home Assistant."""
