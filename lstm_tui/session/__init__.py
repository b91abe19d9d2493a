"""What the user is doing, as one immutable value that changes only through `update`. Pure."""
