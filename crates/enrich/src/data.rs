//! The data files, listed by the build script.

include!(concat!(env!("OUT_DIR"), "/data.rs"));
