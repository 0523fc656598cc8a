//! Boundary coefficients of consistency models.
//!
//! ```text
//! f(x, t) = c_skip(t) x + c_out(t) F(x, t),   f(x, t_min) = x
//! EDM     c_skip = d^2/((s - s_min)^2 + d^2),   c_out = d (s - s_min)/sqrt(s^2 + d^2)      s = sigma/alpha
//! latent  c_skip = d^2/((k t)^2 + d^2),         c_out = k t/sqrt((k t)^2 + d^2)
//! ```
//!
//! d is the deviation of the data. f takes every point of a path of the flow to its clean end; with
//! these coefficients it does so at that end whatever the network F says. In the latent form F is the
//! predicted data, t the label of the chain and k = 10 a scale: f is x at t = 0, and F beyond the first
//! few labels.
//!
//! Sources: Song, Dhariwal, Chen and Sutskever (2023); Luo et al. (2023). The two are not the same at
//! large noise: there c_out tends to d in the first form and to 1 in the second.

use crate::error::SamplingError;

/// c_skip and c_out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boundary {
    /// Share of the input.
    pub skip: f64,
    /// Share of the network's output.
    pub out: f64,
}

impl Boundary {
    /// Those of the EDM form at noise `sigma`, for paths that end at `sigma_min` and data of deviation
    /// `sigma_data` (in the papers 0.002 and 0.5).
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] where `sigma_data` is not positive, `sigma_min` is negative, or
    /// `sigma` lies below it.
    pub fn edm(sigma: f64, sigma_min: f64, sigma_data: f64) -> Result<Self, SamplingError> {
        check_deviation(sigma_data)?;
        if !(sigma_min >= 0.0 && sigma >= sigma_min && sigma.is_finite()) {
            return Err(SamplingError::parameter(
                "sigma",
                format!("it is {sigma} with an end at {sigma_min}, and 0 <= sigma_min <= sigma"),
            ));
        }
        let above = sigma - sigma_min;
        Ok(Self {
            skip: (sigma_data / above.hypot(sigma_data)).powi(2),
            out: above * (sigma_data / sigma.hypot(sigma_data)),
        })
    }

    /// Those of the latent form at label `t`, scaled by `scale` (in the paper 10) for data of deviation
    /// `sigma_data` (0.5).
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] where `sigma_data` or `scale` is not positive, or `t` is negative.
    pub fn latent(t: f64, scale: f64, sigma_data: f64) -> Result<Self, SamplingError> {
        check_deviation(sigma_data)?;
        if !(t >= 0.0 && scale > 0.0 && (scale * t).is_finite()) {
            return Err(SamplingError::parameter(
                "t",
                format!("it is {t} with a scale of {scale}, and t >= 0, scale > 0"),
            ));
        }
        let length = (scale * t).hypot(sigma_data);
        Ok(Self {
            skip: (sigma_data / length).powi(2),
            out: scale * t / length,
        })
    }

    /// f = c_skip x + c_out F, into `f`.
    pub fn combine(&self, x: &[f64], network: &[f64], f: &mut [f64]) {
        for ((f, x), network) in f.iter_mut().zip(x).zip(network) {
            *f = self.skip * x + self.out * network;
        }
    }
}

/// sqrt(|a - b|^2 + c^2) - c: quadratic for near arrays, linear for far ones.
pub fn pseudo_huber(a: &[f64], b: &[f64], c: f64) -> f64 {
    let squared: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    if squared == 0.0 {
        return 0.0;
    }
    // Without cancellation where a and b are close.
    squared / ((squared + c * c).sqrt() + c)
}

fn check_deviation(sigma_data: f64) -> Result<(), SamplingError> {
    if sigma_data > 0.0 && sigma_data.is_finite() {
        return Ok(());
    }
    Err(SamplingError::parameter(
        "sigma_data",
        format!("it is {sigma_data}, and is positive"),
    ))
}

#[cfg(test)]
mod tests {
    use super::{Boundary, pseudo_huber};

    #[test]
    fn at_the_clean_end_the_network_has_no_say() {
        let ends = [
            Boundary::edm(0.002, 0.002, 0.5).expect("edm"),
            Boundary::latent(0.0, 10.0, 0.5).expect("latent"),
        ];
        for end in ends {
            let mut f = [0.0; 2];
            end.combine(&[1.25, -3.0], &[1e9, -1e9], &mut f);
            assert_eq!(f, [1.25, -3.0]);
        }
    }

    /// By hand: 0.25/(1.5^2 + 0.25) = 0.1 and 0.5 * 1.5/sqrt(2^2 + 0.25); 0.25/(1.2^2 + 0.25) = 0.25/1.69
    /// and 1.2/1.3.
    #[test]
    fn in_between_they_are_those_by_hand() {
        let edm = Boundary::edm(2.0, 0.5, 0.5).expect("edm");
        assert!((edm.skip - 0.1).abs() < 1e-15);
        assert!((edm.out - 0.75 / 4.25_f64.sqrt()).abs() < 1e-15);
        let latent = Boundary::latent(0.12, 10.0, 0.5).expect("latent");
        assert!((latent.skip - 0.25 / 1.69).abs() < 1e-15);
        assert!((latent.out - 12.0 / 13.0).abs() < 1e-15);
    }

    #[test]
    fn far_out_they_tend_to_the_deviation_and_to_one() {
        let edm = Boundary::edm(1e6, 0.002, 0.5).expect("edm");
        let latent = Boundary::latent(999.0, 10.0, 0.5).expect("latent");
        assert!((edm.out - 0.5).abs() < 1e-8 && edm.skip < 1e-12);
        assert!((latent.out - 1.0).abs() < 1e-8 && latent.skip < 1e-8);
    }

    #[test]
    fn the_loss_is_quadratic_near_and_linear_far() {
        assert!((pseudo_huber(&[1e-6], &[0.0], 1.0) / 5e-13 - 1.0).abs() < 1e-10);
        assert!((pseudo_huber(&[3e6], &[0.0], 1.0) - (3e6 - 1.0)).abs() < 1e-6);
        assert!((pseudo_huber(&[3.0, 0.0], &[0.0, 0.0], 4.0) - 1.0).abs() < 1e-15);
        assert_eq!(pseudo_huber(&[3.0], &[3.0], 0.0), 0.0);
    }

    #[test]
    fn refuses_noise_below_the_end() {
        assert!(Boundary::edm(0.001, 0.002, 0.5).is_err());
        assert!(Boundary::edm(f64::NAN, 0.002, 0.5).is_err());
        assert!(Boundary::edm(1.0, 0.002, 0.0).is_err());
        assert!(Boundary::latent(-1.0, 10.0, 0.5).is_err());
    }
}
