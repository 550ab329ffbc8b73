"""Agents that every site has, and two that show the framework without hardware."""
