"""An answer as one JavaScript file that needs no runtime, translated from its ONNX graph."""
