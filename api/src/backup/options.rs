//! What the operator sets for backups by schedule.

use std::{path::PathBuf, str::FromStr};

use chrono::TimeDelta;
use clap::Args;
use tenancy::{ArchiveKey, ArchivePlace};

use super::Retention;
use crate::named_file;

/// What the operator sets for backups by schedule.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Backup")]
pub struct BackupOptions {
    /// Where `serve` puts archives of all tenants: a directory, or s3://bucket/prefix with the usual AWS_ variables. None without it
    #[arg(long, env = "TENANTRY_BACKUP_TO", global = true, value_name = "PLACE")]
    pub backup_to: Option<ArchivePlace>,

    /// How often each tenant is backed up, such as 6h or 1d; the tenants are spread over that time
    #[arg(long, env = "TENANTRY_BACKUP_EVERY", global = true, default_value = "24h", value_name = "TIME")]
    pub backup_every: Every,

    /// Which archives are kept: the last one of so many hours, days, weeks, months or years. The last good one always is
    #[arg(
        long,
        env = "TENANTRY_BACKUP_KEEP",
        global = true,
        default_value = "7 daily, 4 weekly, 12 monthly",
        value_name = "RULES"
    )]
    pub backup_keep: Retention,

    /// Encrypts archives with the key in this file: 64 hexadecimal digits, as `openssl rand -hex 32` writes them
    #[arg(long, env = "TENANTRY_BACKUP_KEY_FILE", global = true, value_name = "FILE")]
    pub backup_key_file: Option<PathBuf>,

    /// Tenants that one process backs up at a time; each takes a connection past the pooler
    #[arg(long, env = "TENANTRY_BACKUPS_AT_ONCE", global = true, default_value_t = 2, value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..=32))]
    pub backups_at_once: u32,

    /// How often an archive is restored for a test, such as 7d. Never without it
    #[arg(long, env = "TENANTRY_BACKUP_DRILL_EVERY", global = true, value_name = "TIME")]
    pub backup_drill_every: Option<Every>,

    /// Days after which the archives of a deleted tenant are removed
    #[arg(long, env = "TENANTRY_BACKUP_DELETED_DAYS", global = true, default_value_t = 30, value_name = "DAYS",
        value_parser = clap::value_parser!(u16).range(0..=3650))]
    pub backup_deleted_days: u16,
}

impl BackupOptions {
    /// The key of archives.
    pub fn key(&self) -> anyhow::Result<Option<ArchiveKey>> {
        self.backup_key_file.as_deref().map(named_file::read_archive_key).transpose()
    }
}

/// A time between two runs: a minute to 366 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every(pub TimeDelta);

impl FromStr for Every {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "give minutes, hours or days, such as 30m, 6h or 7d";
        let text = text.trim();
        let at = text.find(|character: char| !character.is_ascii_digit()).ok_or(WRONG)?;
        let (number, unit) = text.split_at(at);
        let number: i64 = number.parse().map_err(|_| WRONG)?;
        let minutes = match unit {
            "m" => 1,
            "h" => 60,
            "d" => 24 * 60,
            _ => return Err(WRONG),
        };
        let minutes = number.checked_mul(minutes).filter(|minutes| (1..=366 * 24 * 60).contains(minutes)).ok_or(WRONG)?;
        Ok(Self(TimeDelta::minutes(minutes)))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Every;

    #[rstest]
    #[case("30m", Some(30))]
    #[case("24h", Some(24 * 60))]
    #[case(" 7d ", Some(7 * 24 * 60))]
    #[case("366d", Some(366 * 24 * 60))]
    #[case("367d", None)]
    #[case("0h", None)]
    #[case("24", None)]
    #[case("h", None)]
    #[case("-1h", None)]
    #[case("1w", None)]
    #[case("99999999999999999999d", None)]
    #[case("9223372036854775807d", None)]
    fn times_are_read(#[case] text: &str, #[case] minutes: Option<i64>) {
        assert_eq!(text.parse::<Every>().ok().map(|every| every.0.num_minutes()), minutes);
    }
}
