"""Customer driver files: what a communication is made of, as Exstream reads it."""
