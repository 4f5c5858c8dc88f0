"""Key stores: where the epoch keys and the erasure ledger are kept, apart from the data.

`folder`, `postgresql` keep both · `services` adds a key service, which can destroy a key for good: `vault`,
`aws_kms`, `aliyun_kms` · `urls` opens the store that FACEID_KEYS_URL names · `guarded` refuses a wrong or
rolled back store · `epochs` the cache of one process · `data_keys` what is wrapped by them.
"""
