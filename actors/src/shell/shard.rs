//! Which shard an owner belongs to: for ever, because offsets of streams are counted in it.

use jiaohao_domain::{OwnerKind, OwnerRef, prefix};
use sha2::{Digest, Sha256};

use crate::log::ShardId;

/// Number of slices for patients and accounts, fixed for ever.
pub const SLICES: u8 = 64;

/// The shard of an owner: its site, or for patients and accounts one of 64 slices by SHA-256 of the id.
pub fn shard_of(owner: &OwnerRef) -> ShardId {
    match owner.kind {
        OwnerKind::Patient | OwnerKind::Account => {
            let slice = Sha256::digest(owner.id.as_bytes())[0] >> 2;
            debug_assert!(slice < SLICES);
            ShardId(format!("slice:{slice}").into())
        }
        _ => {
            let site = prefix(&owner.id, 1);
            ShardId(format!("site:{site}").into())
        }
    }
}
