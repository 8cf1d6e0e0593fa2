"""The interface: what two pages share. One room a subject; tests/test_layers.py holds their order."""
