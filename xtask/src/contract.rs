//! Lints the contract and compares it with every released version, by buf.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use prost_types::FileDescriptorSet;

use crate::codegen;

/// Descriptor sets of released versions, `<version>.binpb`.
const RELEASED: &str = "proto/released";

/// Fails on a lint finding, on a break with a released version, and when a planted break is not refused.
pub fn run(root: &Path) -> Result<()> {
    let buf = Buf::find(root)?;
    expect_success(&buf.run(&["lint"])?, "buf lint")?;
    let released = released(root)?;
    ensure!(!released.is_empty(), "no descriptor set in {RELEASED}: a break could not be seen");
    for set in &released {
        expect_success(&buf.breaking("proto", set)?, &format!("buf breaking against {}", set.display()))?;
    }
    self_test(root, &buf)?;
    println!(
        "contract: lint is clean, compatible with {} released version(s), a removed field is refused",
        released.len()
    );
    Ok(())
}

/// Writes the descriptor set of the contract as that of a release. A set that is there is never overwritten, except the one
/// of a pre-release.
pub fn release(root: &Path, version: &str) -> Result<()> {
    let path = root.join(RELEASED).join(format!("{version}.binpb"));
    ensure!(version.contains('-') || !path.exists(), "{} exists: a released contract does not change", path.display());
    fs::write(&path, encode(codegen::compile(&root.join("proto"))?))?;
    println!("wrote {}", path.display());
    Ok(())
}

fn released(root: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(root.join(RELEASED)).with_context(|| format!("reading {RELEASED}"))?;
    let mut sets: Vec<PathBuf> = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    sets.retain(|path| path.extension().is_some_and(|e| e == "binpb"));
    sets.sort();
    Ok(sets)
}

/// Removes a field, then changes the type of another, and fails when buf accepts either.
fn self_test(root: &Path, buf: &Buf) -> Result<()> {
    let folder = root.join("target/xtask-contract");
    fs::create_dir_all(&folder)?;
    let contract = codegen::compile(&root.join("proto"))?;
    let before = folder.join("before.binpb");
    fs::write(&before, encode(contract.clone()))?;
    expect_success(
        &buf.breaking(&before.display().to_string(), &before)?,
        "buf breaking of a contract against itself",
    )?;
    type Breakage = fn(&mut prost_types::DescriptorProto);
    let breakages: [(&str, Breakage); 2] = [
        ("a removed field", |article| drop(article.field.remove(0))),
        ("a field of another type", |article| {
            if let Some(field) = article.field.first_mut() {
                field.set_type(prost_types::field_descriptor_proto::Type::Bool);
            }
        }),
    ];
    for (what, breakage) in breakages {
        let mut broken = contract.clone();
        let messages = broken.file.iter_mut().flat_map(|file| &mut file.message_type);
        let article = messages.into_iter().find(|message| message.name() == "Article");
        breakage(article.context("the contract has no message Article")?);
        let after = folder.join("after.binpb");
        fs::write(&after, encode(broken))?;
        let output = buf.breaking(&after.display().to_string(), &before)?;
        ensure!(!output.status.success(), "self-test: {what} was not refused");
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(said.contains("Article"), "self-test: {what} was refused for another reason: {said}");
    }
    Ok(())
}

/// Encodes a set without comments, which would triple its size.
fn encode(mut set: FileDescriptorSet) -> Vec<u8> {
    for file in &mut set.file {
        file.source_code_info = None;
    }
    prost::Message::encode_to_vec(&set)
}

fn expect_success(output: &Output, what: &str) -> Result<()> {
    if !output.status.success() {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("{what} failed:\n{out}{err}");
    }
    Ok(())
}

/// The buf program.
struct Buf {
    program: PathBuf,
    root: PathBuf,
}

impl Buf {
    fn find(root: &Path) -> Result<Self> {
        let program = root.join(".tools/py/bin/buf");
        ensure!(program.exists(), "{} is missing: run `make setup`", program.display());
        Ok(Self { program, root: root.to_path_buf() })
    }

    fn run(&self, args: &[&str]) -> Result<Output> {
        Command::new(&self.program).args(args).current_dir(&self.root).output().context("starting buf")
    }

    fn breaking(&self, contract: &str, against: &Path) -> Result<Output> {
        self.run(&["breaking", contract, "--against", &against.display().to_string(), "--exclude-imports"])
    }
}
