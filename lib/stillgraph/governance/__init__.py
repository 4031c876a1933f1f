"""Governance: who may do what for which operation (``permits``), and a record nobody can quietly change (``chain``)."""
