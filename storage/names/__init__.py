"""How author names are parsed and compared; pure, without SQL."""
