"""Tests of the ledger, without Home Assistant."""
