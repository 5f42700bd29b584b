"""Tests of the listener for cameras."""
