"""What the running bot does for its database: nightly backups, and watching for damage."""
