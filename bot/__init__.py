"""The running bot: everything between the world and the catalogue."""
