"""The main path of a communication, one file a stage; `communicate.py` tells it in ten lines."""
