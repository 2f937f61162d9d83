//! Generates the Rust types and the descriptor set of the contract, without protoc.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use prost_types::FileDescriptorSet;

/// The files that [`run`] writes, relative to the repository root.
const TYPES: &str = "crates/proto/src/generated/naba.v1.rs";
const DESCRIPTORS: &str = "crates/proto/src/generated/naba.v1.binpb";

/// Generates, or with `check` compares and fails on a difference.
pub fn run(root: &Path, check: bool) -> Result<()> {
    let with_comments = compile(&root.join("proto"))?;

    let out = tempdir(root)?;
    prost_build::Config::new()
        .enable_type_names()
        .bytes([".naba.v1.RawDocument.body", ".naba.v1.AuditRecord.key"])
        .out_dir(&out)
        .compile_fds(with_comments.clone())?;
    let types = fs::read(out.join("naba.v1.rs"))?;
    fs::remove_dir_all(&out)?;

    // Comments are stripped from the set that is shipped: they would triple its size.
    let mut bare = with_comments;
    for file in &mut bare.file {
        file.source_code_info = None;
    }
    let descriptors = prost::Message::encode_to_vec(&bare);

    for (path, new) in [(TYPES, types), (DESCRIPTORS, descriptors)] {
        let path = root.join(path);
        if check {
            let old = fs::read(&path).unwrap_or_default();
            if old != new {
                bail!("{} is out of date: run `cargo xtask codegen`", path.display());
            }
        } else {
            fs::create_dir_all(path.parent().context("path without a parent")?)?;
            fs::write(&path, new)?;
            println!("wrote {}", path.display());
        }
    }
    Ok(())
}

/// Compiles every file of naba/v1 below `proto`, with its imports and comments.
pub fn compile(proto: &Path) -> Result<FileDescriptorSet> {
    let mut files: Vec<PathBuf> = fs::read_dir(proto.join("naba/v1"))
        .context("reading proto/naba/v1")?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "proto"));
    files.sort();
    let mut compiler = protox::Compiler::new([proto])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    Ok(compiler.file_descriptor_set())
}

fn tempdir(root: &Path) -> Result<PathBuf> {
    let dir = root.join("target/xtask-codegen");
    fs::create_dir_all(&dir)?;
    Ok(dir)
}
