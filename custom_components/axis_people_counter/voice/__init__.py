"""The questions that Assist answers."""

from .voice import Voice

__all__ = ["Voice"]
