#!/usr/bin/env bash
# Stands before rustc for the crates of this workspace, and links programs statically; static.sh sets it.
rustc=$1; shift
case " $* " in
  # What cargo asks beforehand ("___"), and build scripts, which may load libraries.
  *" --crate-name ___ "* | *" --crate-name build_script"*) ;;
  *" --crate-type bin "*) set -- "$@" -C target-feature=+crt-static ;;
esac
exec "$rustc" "$@"
