//! RawDocument to Article: blocks with roles, metadata, rights, provenance.
