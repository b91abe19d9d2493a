"""`python -m lstm_tui` is `lstm-tui`."""

from lstm_tui.cli import main

main()
