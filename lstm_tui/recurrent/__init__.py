"""What a recurrent layer is and what one did: cells, gates, states, recordings, calls. NumPy only.

Shapes are written `(batch, timesteps, units)`; gates are `i f o` with candidate `g` (LSTM) and `z r` with
candidate `g` (GRU); states are `h` and `c`.
"""
