"""Tests of requests to a camera's web server."""
