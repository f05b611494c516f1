"""The SDK's texts in Korean."""

MESSAGES = {
    "PLUGIN_RUN_COMPLETE": "실행이 완료되었습니다.",
    "TRAIN_STARTING": "{epochs} 에포크 학습을 시작합니다.",
    "TRAIN_EPOCH_PROGRESS": "에포크 {epoch}/{total_epochs}",
    "TRAIN_VALIDATION_METRICS": "검증: mAP50 {map50}, mAP50-95 {map50_95}",
    "TRAIN_COMPLETED": "학습이 완료되었습니다.",
    "TRAIN_MODEL_SAVED": "모델 가중치를 저장했습니다.",
    "TRAIN_MODEL_UPLOADED": "모델을 등록했습니다.",
    "TRAIN_FAILED_GPU_RESOURCE": "GPU나 GPU 메모리가 부족하여 학습을 중단했습니다. {detail}",
    "TRAIN_FAILED_RAY_CONNECTION": "Ray 클러스터에 연결할 수 없어 학습을 중단했습니다.",
    "TRAIN_FAILED_CONFIG": "설정이 맞지 않아 학습을 중단했습니다. {error}",
    "TRAIN_FAILED_MODEL_REGISTER": "모델을 학습했지만 등록하지 못했습니다. {error}",
    "TRAIN_FAILED_STEP": "{failed_step} 단계에서 학습을 중단했습니다.",
    "TRAIN_FAILED_ADMIN_CONTACT": "학습을 중단했습니다. 원인은 작업 로그에 있습니다.",
    "TRAIN_TUNE_WAITING_RESOURCE": "자원을 최대 {timeout}초 동안 기다립니다. {diagnosis}",
    "TRAIN_TUNE_RESOURCE_BUSY": "모든 자원이 사용 중입니다. {detail}",
    "TRAIN_TUNE_TRIAL_ERROR": "시행 {trial_id} 실패, 나머지는 계속합니다.",
    "TRAIN_TUNE_TRIAL_UPLOAD_FAILED": "시행 {trial_id}의 모델을 등록하지 못했습니다.",
    "TRAIN_TUNE_BEST_TRIAL_SYNC_FAILED": "최적 시행을 서버에 알리지 못했습니다.",
}
