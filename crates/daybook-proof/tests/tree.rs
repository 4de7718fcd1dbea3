//! The tree against the definitions of RFC 6962 written down as they stand there, against the test vectors of Certificate
//! Transparency, and against another implementation.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is a finding")]

mod support;

use std::convert::Infallible;

use daybook_proof::edge::Edge;
use daybook_proof::hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
use daybook_proof::tile::{Tile, TileName};
use daybook_proof::tree::{
    ProofError, Tiles, TreeError, consistency_proof, inclusion_proof, root, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use support::{MemoryTiles, leaf, leaves, tiles_of};

/// The largest power of two smaller than n.
fn k(n: usize) -> usize {
    (n.next_power_of_two()) / 2
}

/// MTH, section 2.1.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => EMPTY_ROOT,
        1 => leaves[0],
        n => node_hash(&mth(&leaves[..k(n)]), &mth(&leaves[k(n)..])),
    }
}

/// PATH, section 2.1.1.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    let n = leaves.len();
    if n == 1 {
        return Vec::new();
    }
    let k = k(n);
    let (mut path, other) =
        if m < k { (path(m, &leaves[..k]), mth(&leaves[k..])) } else { (path(m - k, &leaves[k..]), mth(&leaves[..k])) };
    path.push(other);
    path
}

/// SUBPROOF, section 2.1.2.
fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    let n = leaves.len();
    if m == n {
        return if whole { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = k(n);
    let (mut proof, other) = if m <= k {
        (subproof(m, &leaves[..k], whole), mth(&leaves[k..]))
    } else {
        (subproof(m - k, &leaves[k..], false), mth(&leaves[..k]))
    };
    proof.push(other);
    proof
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The entries and roots that the implementations of Certificate Transparency test with.
#[test]
fn the_vectors_of_certificate_transparency() {
    let entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(&from_hex(entry))).collect();
    for (size, expected) in (1..).zip(roots) {
        let mut edge = Edge::new();
        for leaf in &leaves[..size] {
            edge.push(*leaf, |_, _| Ok::<_, Infallible>(())).unwrap();
        }
        assert_eq!(edge.root().to_vec(), from_hex(expected), "{size}");
        assert_eq!(mth(&leaves[..size]), edge.root());
    }
    // The inclusion and consistency proofs of the same tests.
    let hash = |text: &str| -> Hash { from_hex(text).try_into().unwrap() };
    let mut tiles = tiles_of(&leaves, 8);
    assert_eq!(
        inclusion_proof(&mut tiles, 5, 8).unwrap(),
        [
            hash("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
            hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
            hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ]
    );
    assert_eq!(
        consistency_proof(&mut tiles, 6, 8).unwrap(),
        [
            hash("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
            hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
            hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ]
    );
}

/// Everything of small trees, from the tiles of one that is larger.
#[test]
fn small_trees_are_those_of_the_definition() {
    let leaves = leaves(40);
    for size in 0..=40_u64 {
        let slice = &leaves[..size as usize];
        let expected = mth(slice);
        assert_eq!(root(&mut tiles_of(&leaves, size), size).unwrap(), expected);
        for index in 0..size {
            let proof = inclusion_proof(&mut tiles_of(&leaves, size), index, size).unwrap();
            assert_eq!(proof, path(index as usize, slice));
            verify_inclusion(&leaf(index), index, size, &expected, &proof).unwrap();
            // No other leaf, size or index.
            assert_eq!(verify_inclusion(&leaf(index + 1), index, size, &expected, &proof), Err(ProofError::Root));
            for other in (0..size).filter(|other| *other != index) {
                verify_inclusion(&leaf(index), other, size, &expected, &proof).unwrap_err();
            }
        }
        for smaller in 0..=size {
            let proof = consistency_proof(&mut tiles_of(&leaves, size), smaller, size).unwrap();
            let before = mth(&leaves[..smaller as usize]);
            if smaller > 0 && smaller < size {
                assert_eq!(proof, subproof(smaller as usize, slice, true));
            }
            verify_consistency(smaller, &before, size, &expected, &proof).unwrap();
            let (mut longer, mut changed) = (proof.clone(), proof.clone());
            longer.push(expected);
            verify_consistency(smaller, &before, size, &expected, &longer).unwrap_err();
            if let Some(hash) = changed.last_mut() {
                hash[0] ^= 1;
                verify_consistency(smaller, &before, size, &expected, &changed).unwrap_err();
                verify_consistency(smaller, &before, size, &expected, &proof[1..]).unwrap_err();
            }
            verify_consistency(smaller, &leaf(99), size, &expected, &proof).unwrap_err();
        }
    }
    let mut tiles = tiles_of(&leaves, 40);
    assert_eq!(inclusion_proof(&mut tiles, 40, 40), Err(TreeError::Range { size: 40, asked: 40 }));
    assert_eq!(consistency_proof(&mut tiles, 41, 40), Err(TreeError::Range { size: 40, asked: 41 }));
}

/// The borders of tiles and of levels: the edge, the tiles and the definition agree, and the edge is found again in the tiles.
#[test]
fn trees_at_the_borders_of_tiles() {
    let sizes = [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 70_000];
    let leaves = leaves(70_000);
    let (mut edge, mut tiles) = (Edge::new(), MemoryTiles::default());
    let mut roots = Vec::new();
    for size in sizes {
        while edge.size() < size {
            let leaf = leaves[edge.size() as usize];
            edge.push(leaf, |name, tile| {
                tiles.put(name, tile.clone());
                Ok::<_, Infallible>(())
            })
            .unwrap();
        }
        let mut now = tiles.clone();
        for (name, hashes) in edge.tiles() {
            now.put(name, Tile::new(hashes.to_vec()));
        }
        let expected = mth(&leaves[..size as usize]);
        assert_eq!(edge.root(), expected, "{size}");
        assert_eq!(root(&mut now, size).unwrap(), expected, "{size}");
        let found = Edge::from_tiles(size, |name| Ok::<_, Infallible>(now.get(name))).unwrap().unwrap();
        assert_eq!(found, edge);
        roots.push((size, expected));
        for (smaller, before) in &roots {
            let proof = consistency_proof(&mut now, *smaller, size).unwrap();
            verify_consistency(*smaller, before, size, &expected, &proof).unwrap();
        }
        for index in [0, size / 3, size / 2, size - 1] {
            let proof = inclusion_proof(&mut now, index, size).unwrap();
            assert_eq!(proof, path(index as usize, &leaves[..size as usize]));
            verify_inclusion(&leaf(index), index, size, &expected, &proof).unwrap();
        }
    }
    assert_eq!(tiles.full_at(0), 273);
    assert_eq!(tiles.full_at(1), 1);
    assert!(Edge::from_tiles(70_000, |_: TileName| Ok::<_, Infallible>(None)).unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_tree_is_that_of_the_definition(size in 1_u64..3_000, index: u64, smaller: u64, bit in 0_usize..256) {
        let (index, smaller) = (index % size, smaller % (size + 1));
        let leaves = leaves(size);
        let mut tiles = tiles_of(&leaves, size);
        let expected = mth(&leaves);
        let proof = inclusion_proof(&mut tiles, index, size).unwrap();
        prop_assert_eq!(&proof, &path(index as usize, &leaves));
        prop_assert_eq!(verify_inclusion(&leaf(index), index, size, &expected, &proof), Ok(()));
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at][bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(verify_inclusion(&leaf(index), index, size, &expected, &changed), Err(ProofError::Root));
        }
        let before = mth(&leaves[..smaller as usize]);
        let proof = consistency_proof(&mut tiles, smaller, size).unwrap();
        prop_assert_eq!(verify_consistency(smaller, &before, size, &expected, &proof), Ok(()));
        let mut forked = before;
        forked[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency(smaller, &forked, size, &expected, &proof).is_err());
    }

    /// Whatever is sent as a proof is refused or holds; it never harms.
    #[test]
    fn rubbish_proves_nothing(index: u64, size: u64, smaller: u64, hashes in proptest::collection::vec(any::<[u8; 32]>(), 0..70)) {
        prop_assert!(verify_inclusion(&[1; 32], index, size, &[2; 32], &hashes).is_err());
        prop_assert!(verify_consistency(smaller, &[1; 32], size, &[2; 32], &hashes).is_err());
    }
}

/// Cloudflare's `tlog_tiles`, which is a port of Go's: it reads our tiles, and its proofs are ours.
mod another_implementation {
    use tlog_tiles::{Hash as OtherHash, HashReader, Tile as OtherTile, TileHashReader, TileReader};

    use super::*;

    struct Theirs(MemoryTiles);

    impl TileReader for Theirs {
        fn height(&self) -> u8 {
            8
        }

        fn read_tiles(&self, tiles: &[OtherTile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
            // Their paths have the height in front.
            let read = |tile: &OtherTile| {
                let name = TileName {
                    level: tile.level(),
                    index: tile.level_index(),
                    width: u16::try_from(tile.width()).unwrap(),
                };
                assert_eq!(tile.path(), name.to_string().replacen("tile/", "tile/8/", 1));
                self.0.clone().tile(name).unwrap().bytes().to_vec()
            };
            Ok(tiles.iter().map(read).collect())
        }

        fn save_tiles(&self, _: &[OtherTile], _: &[Vec<u8>]) {}
    }

    #[test]
    fn agrees_about_roots_tiles_and_proofs() {
        let leaves = leaves(1_300);
        for size in [1, 2, 7, 255, 256, 257, 700, 1_024, 1_300] {
            let mut tiles = tiles_of(&leaves, size);
            let ours = root(&mut tiles, size).unwrap();
            let theirs = Theirs(tiles.clone());
            let reader = TileHashReader::new(size, OtherHash(ours), &theirs);
            assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap().0, ours);
            for index in [0, size / 2, size - 1] {
                let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
                let proof: Vec<Hash> = proof.iter().map(|hash| hash.0).collect();
                assert_eq!(proof, inclusion_proof(&mut tiles, index, size).unwrap());
                let proof = proof.into_iter().map(OtherHash).collect();
                tlog_tiles::check_record(&proof, size, OtherHash(ours), index, OtherHash(leaf(index))).unwrap();
            }
            let smaller = size.div_ceil(2);
            let before = root(&mut tiles_of(&leaves, smaller), smaller).unwrap();
            let proof = consistency_proof(&mut tiles, smaller, size).unwrap();
            let proof = proof.into_iter().map(OtherHash).collect();
            tlog_tiles::check_tree(&proof, size, OtherHash(ours), smaller, OtherHash(before)).unwrap();
            assert_eq!(reader.read_hashes(&[0]).unwrap()[0].0, leaves[0]);
        }
    }
}
