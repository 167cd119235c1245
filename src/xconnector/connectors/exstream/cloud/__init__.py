"""The cloud-native services of Exstream: sign-in, orchestration, design, and Empower."""
