"""Where the SFTP server is, and by which key a client knows it."""

import msgspec


class SftpAddress(msgspec.Struct, frozen=True, kw_only=True):
    """`host_key` as OpenSSH writes public keys, `fingerprint` as `SHA256:...`, `folder` is where the reports are."""

    host: str
    port: int
    host_key: str
    fingerprint: str
    folder: str

    @property
    def known_hosts(self) -> str:
        """The line for a client's known_hosts."""
        return f"[{self.host}]:{self.port} {self.host_key}\n"
