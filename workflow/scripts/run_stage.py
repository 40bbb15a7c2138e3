"""Run one job of a stage of a campaign (:mod:`glassmodes.campaign.runner`)."""

from glassmodes.campaign.runner import main

if __name__ == "__main__":
    main()
