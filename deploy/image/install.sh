#!/bin/sh
# install.sh TOOLS FOLDER LOCK [PACKAGE ...]: makes a virtual environment in FOLDER and installs the packages of LOCK,
# without their tests. Of each PACKAGE only the bytecode stays, in place of the source: for clients of many thousand
# lines that were made by a program. The installer is in TOOLS, so nothing of it gets into an image. Nothing is built
# but sdnotify, which has no wheel: services/cli/bootstrap/sources.py.
set -eu
tools=$1 folder=$2 lock=$3
shift 3
python -m venv --without-pip "$folder"
"$tools/bin/uv" pip install --link-mode=copy --require-hashes --only-binary :all: --no-binary sdnotify \
    --build-constraints bootstrap.lock --python "$folder/bin/python" -r "$lock"
find "$folder" -type d \( -name tests -o -name test \) -path '*/site-packages/*' -not -path '*/bottleneck/*' -prune -exec rm -rf {} +
for package; do
    for place in "$folder"/lib/python3.*/site-packages/"$package"; do
        "$folder/bin/python" -m compileall -q -b "$place"
        find "$place" -name '*.py' -delete
    done
done
