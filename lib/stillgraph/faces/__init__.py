"""Pixels to faces: detect, measure quality, align, embed. The only module with onnxruntime."""
