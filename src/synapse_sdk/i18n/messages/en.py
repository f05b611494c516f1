"""The SDK's texts in English."""

MESSAGES = {
    "PLUGIN_RUN_COMPLETE": "The run is complete.",
    "TRAIN_STARTING": "Training for {epochs} epochs.",
    "TRAIN_EPOCH_PROGRESS": "Epoch {epoch} of {total_epochs}.",
    "TRAIN_VALIDATION_METRICS": "Validation: mAP50 {map50}, mAP50-95 {map50_95}.",
    "TRAIN_COMPLETED": "Training is complete.",
    "TRAIN_MODEL_SAVED": "The model's weights are saved.",
    "TRAIN_MODEL_UPLOADED": "The model is registered.",
    "TRAIN_FAILED_GPU_RESOURCE": "Training stopped: not enough GPU memory or no free GPU. {detail}",
    "TRAIN_FAILED_RAY_CONNECTION": "Training stopped: the Ray cluster can not be reached.",
    "TRAIN_FAILED_CONFIG": "Training stopped: its configuration does not fit. {error}",
    "TRAIN_FAILED_MODEL_REGISTER": "The model was trained, but could not be registered. {error}",
    "TRAIN_FAILED_STEP": "Training stopped in the step {failed_step}.",
    "TRAIN_FAILED_ADMIN_CONTACT": "Training stopped. The job's log tells why.",
    "TRAIN_TUNE_WAITING_RESOURCE": "Waiting for resources for {timeout} s at most. {diagnosis}",
    "TRAIN_TUNE_RESOURCE_BUSY": "All resources are in use. {detail}",
    "TRAIN_TUNE_TRIAL_ERROR": "Trial {trial_id} failed; the others go on.",
    "TRAIN_TUNE_TRIAL_UPLOAD_FAILED": "The model of trial {trial_id} could not be registered.",
    "TRAIN_TUNE_BEST_TRIAL_SYNC_FAILED": "The best trial could not be reported to the server.",
}
