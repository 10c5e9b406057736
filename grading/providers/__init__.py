"""Model providers behind one interface, with their models, prices and token counts."""
