"""Two runs side by side: both made, laid beside each other, and made again to find why they part."""
