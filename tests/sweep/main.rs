//! A sweep gives the same bytes whatever happens to it: threads, order, shards, kills, damage, full disks.

mod ending;
mod journal;
#[path = "../support/seeds.rs"]
mod seeds;
mod shards;
mod support;
mod units;
