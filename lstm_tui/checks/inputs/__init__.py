"""Why the input does not fit the model, in shape, order, scale or masking."""
