"""Tests of the HTTPS server for cameras."""
