"""Key services: each epoch has a key in one, and destroying that key takes the epoch from every backup.

`service` what the gateway needs of them · `vault`, `aws`, `aliyun` the services · `store` a key store whose
epochs are sealed by a service.
"""
