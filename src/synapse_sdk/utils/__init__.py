"""Small things that plugins from elsewhere import by these paths. Code of ours uses what they stand for.

Source: interface sheets `core.md`, Appendix B, and `platform.md` §5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.utils.csv import CsvMetadataUtils as CsvMetadataUtils
    from synapse_sdk.utils.csv import CsvParsingError as CsvParsingError
    from synapse_sdk.utils.csv import CsvSecurityConfig as CsvSecurityConfig
    from synapse_sdk.utils.csv import CsvSecurityError as CsvSecurityError
    from synapse_sdk.utils.csv import load_csv_metadata as load_csv_metadata
    from synapse_sdk.utils.csv import validate_csv_file_security as validate_csv_file_security
    from synapse_sdk.utils.excel import ExcelMetadataUtils as ExcelMetadataUtils
    from synapse_sdk.utils.excel import ExcelParsingError as ExcelParsingError
    from synapse_sdk.utils.excel import ExcelSecurityConfig as ExcelSecurityConfig
    from synapse_sdk.utils.excel import ExcelSecurityError as ExcelSecurityError
    from synapse_sdk.utils.excel import PathAwareJSONEncoder as PathAwareJSONEncoder
    from synapse_sdk.utils.excel import load_excel_metadata as load_excel_metadata
    from synapse_sdk.utils.excel import validate_excel_file_security as validate_excel_file_security
    from synapse_sdk.utils.gpu import get_best_gpu as get_best_gpu
    from synapse_sdk.utils.validators import non_blank as non_blank

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "CsvMetadataUtils": "csv",
        "CsvParsingError": "csv",
        "CsvSecurityConfig": "csv",
        "CsvSecurityError": "csv",
        "load_csv_metadata": "csv",
        "validate_csv_file_security": "csv",
        "ExcelMetadataUtils": "excel",
        "ExcelParsingError": "excel",
        "ExcelSecurityConfig": "excel",
        "ExcelSecurityError": "excel",
        "PathAwareJSONEncoder": "excel",
        "load_excel_metadata": "excel",
        "validate_excel_file_security": "excel",
        "get_best_gpu": "gpu",
        "non_blank": "validators",
    },
)
