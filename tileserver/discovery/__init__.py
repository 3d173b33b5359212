"""Which datasets lie below an address: in a bucket, on a disk, in a STAC catalogue or API."""
