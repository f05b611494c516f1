"""The limits of a table of metadata, as people write them.

Source: interface sheet `actions.md` §7.4.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk.plugins.actions.upload.metadata import LIMITS, TableLimits

_MIB = 1024**2


class TableSecurityConfig(BaseModel):
    """How large a table may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_file_size_mb: float = Field(default=LIMITS.file_bytes / _MIB, gt=0)
    max_rows: int = Field(default=LIMITS.rows, ge=1)
    max_columns: int = Field(default=LIMITS.columns, ge=2)
    #: In letters, as the two below.
    max_filename_length: int = Field(default=LIMITS.file_name, ge=1)
    max_column_name_length: int = Field(default=LIMITS.column_name, ge=1)
    max_metadata_value_length: int = Field(default=LIMITS.value, ge=1)

    def to_limits(self) -> TableLimits:
        """Return the same for whoever reads."""
        return TableLimits(
            file_bytes=int(self.max_file_size_mb * _MIB),
            rows=self.max_rows,
            columns=self.max_columns,
            file_name=self.max_filename_length,
            column_name=self.max_column_name_length,
            value=self.max_metadata_value_length,
        )


class ExcelSecurityConfig(TableSecurityConfig):
    """How large a table in Excel may be."""

    #: Of the file, which is an archive, when it is unpacked.
    max_memory_usage_mb: float = Field(default=LIMITS.unpacked_bytes / _MIB, gt=0)

    def to_limits(self) -> TableLimits:
        """Return the same for whoever reads."""
        return replace(super().to_limits(), unpacked_bytes=int(self.max_memory_usage_mb * _MIB))
