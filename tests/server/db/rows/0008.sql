INSERT INTO packed_content (digest, pack, "offset", size_bytes)
    VALUES ('sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 'old', 67, 1);
