#!/bin/sh
# What the neighbour webhook runs for each delivery: BODY names the file to which it wrote the body, FILE the folder to keep it in.
cp -- "$BODY" "$FILE/${BODY##*/}-$$"
