"""What people type into a command's options, turned into records, with autocomplete."""
