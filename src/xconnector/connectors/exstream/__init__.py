"""OpenText Exstream, by every interface through which its installations compose."""
