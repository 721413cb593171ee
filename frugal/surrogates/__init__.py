"""How a question is answered: the ladder of candidates, their measurement, the decision, ONNX export, prediction."""
