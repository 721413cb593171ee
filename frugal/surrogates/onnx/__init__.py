"""Answers as ONNX graphs: building, exporting with units, interval and domain, knowing one by its digest."""
